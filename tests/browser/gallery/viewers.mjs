// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the viewers of materials.

export const stops = [];
