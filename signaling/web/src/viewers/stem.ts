// SPDX-License-Identifier: Apache-2.0
// What names of files have in common: a preview is known by that of its original, so no two files may share one.
const NAME_BYTES = 180; // leaves "-preview.jpg" its place in the 200 of the wire

const bytes = (text: string): number => new TextEncoder().encode(text).length;

export const stem = (name: string): string => name.toLowerCase().replace(/\.[a-z0-9]{1,5}$/, '').replace(/[._-]?preview$/, '');

/** `name`, or the first of "name-2", "name-3" … whose stem none of `taken` has. */
export function uniqueName(name: string, taken: readonly string[]): string {
    const ending = /\.[a-z0-9]{1,5}$/i.exec(name)?.[0] ?? '';
    let bare = name.slice(0, name.length - ending.length);
    while (bytes(bare + ending) > NAME_BYTES) bare = [...bare].slice(0, -1).join('');
    const stems = new Set(taken.map(stem));
    let free = bare + ending;
    for (let n = 2; stems.has(stem(free)); n++) free = `${bare}-${n}${ending}`;
    return free;
}

/** With the moment in it, where nobody knows which names are taken. */
export function timedName(name: string, now: Date): string {
    const two = (n: number): string => String(n).padStart(2, '0');
    const moment = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
    return name.replace(/(\.[a-z0-9]{1,5})?$/i, (ending) => `-${moment}${ending}`);
}
