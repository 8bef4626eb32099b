// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the call, from the device check to an MDT.

export const stops = [];
