// SPDX-License-Identifier: Apache-2.0
// The 18-digit resident identity number (GB 11643-1999): check character, birthday, sex. Pure.
export type IdNumber =
    | { ok: true; sex: 'male' | 'female'; ageYears: number }
    | { ok: false; why: 'length' | 'characters' | 'birthday' | 'check' };

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = '10X98765432';
const LENGTH = 18;

/** Full-width digits and a small x as people type them. */
export function tidyIdNumber(text: string): string {
    return text.replace(/[\uff10-\uff19]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/[\s-]/g, '').toUpperCase();
}

function ageAt(year: number, month: number, day: number, now: Date): number {
    const before = now.getMonth() + 1 < month || (now.getMonth() + 1 === month && now.getDate() < day);
    return now.getFullYear() - year - (before ? 1 : 0);
}

function dayExists(year: number, month: number, day: number): boolean {
    const date = new Date(Date.UTC(year, month - 1, day));
    return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

export function readIdNumber(text: string, now: Date): IdNumber {
    const id = tidyIdNumber(text);
    if (!/^[0-9]*X?$/.test(id)) return { ok: false, why: 'characters' };
    if (id.length !== LENGTH) return { ok: false, why: 'length' };
    const [year, month, day] = [Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14))];
    const ageYears = ageAt(year, month, day, now);
    if (!dayExists(year, month, day) || ageYears < 0 || ageYears > 150) return { ok: false, why: 'birthday' };
    const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(id[i]), 0);
    if (CHECKS[sum % 11] !== id[17]) return { ok: false, why: 'check' };
    return { ok: true, sex: Number(id[16]) % 2 ? 'male' : 'female', ageYears };
}
