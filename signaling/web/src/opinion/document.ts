// SPDX-License-Identifier: Apache-2.0
// What an opinion is made of, and what only its signed bytes say (reason of a new version, members of an MDT).
// Refuses to judge signatures: the server does (opinion.verify).
import type { Result } from '../wire/connection';

export type Opinion = Result<'opinion.get'>['opinion'];
export type OpinionRow = Result<'opinion.list'>['opinions'][number];
export type OpinionText = Opinion['text'];
export type Code = NonNullable<OpinionText['diagnosisCodes']>[number];

export const TEXTS = ['findings', 'diagnosis', 'plan', 'advice', 'referral', 'limits'] as const;
export type TextField = (typeof TEXTS)[number];

interface Author { id: string; name: string; institution: { id: string; name: string } }

/** Members of the signed document that the text has no place for (docs/protocol/opinion.md). */
export interface Signed {
    supersedes?: { id: string; reason: string };
    members?: { author: Author; dissents: boolean; dissent?: string; id: string; version: number }[];
    excused?: { author: Author; reason: string }[];
}

export function signedPart(canonical: string | undefined): Signed {
    if (!canonical) return {};
    try {
        return JSON.parse(canonical) as Signed;
    } catch {
        return {}; // what can't be read shows nothing; the check of the signature tells
    }
}

/** What counts: the conclusion first, then each author's newest signed opinion. Superseded ones in `former`. */
export function sortOut(rows: OpinionRow[]): { counting: OpinionRow[]; former: OpinionRow[]; drafts: OpinionRow[] } {
    const signed = rows.filter((r) => r.signed);
    const counting = signed.filter((r) => !r.supersededBy);
    counting.sort((a, b) => Number(b.kind === 'conclusion') - Number(a.kind === 'conclusion'));
    return { counting, former: signed.filter((r) => r.supersededBy), drafts: rows.filter((r) => !r.signed) };
}
