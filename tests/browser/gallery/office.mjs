// SPDX-License-Identifier: Apache-2.0
// Stops of the gallery: the coordinator's and the quality office's pages.

export const stops = [];
