// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the specialist's pages.

export const stops = [];
