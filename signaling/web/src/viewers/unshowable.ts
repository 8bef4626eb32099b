// SPDX-License-Identifier: Apache-2.0
// Why something is not shown: a code that pages turn into words. Also for workers, which know no words.

/** What cannot be shown, said so that a person knows what to do; the file can still be downloaded. */
export class Unshowable extends Error {
    override readonly name = 'Unshowable';
    constructor(readonly code: UnshowableCode, readonly detail = '') {
        super(code);
    }
}

export type UnshowableCode =
    | 'cut_short' | 'damaged' | 'not_image' | 'too_large' | 'codec' | 'unreadable' | 'gone' | 'not_yours' | 'no_signal' | 'header_missing' | 'header_other' | 'locked_pdf' | 'network';
