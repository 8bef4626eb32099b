// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the operator's pages.

export const stops = [];
