// SPDX-License-Identifier: Apache-2.0
// The address after # names the page and what it shows: "#/case/con_x". Ids only, never words of a patient.
import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

export interface Page {
    path: string; // first part: "case"
    roles: string[]; // who has it; empty: everybody signed in
    menu?: () => string; // name in the menu; left out: not there
    icon?: string; // name of ui/icon.tsx
    component: ComponentType<{ rest: string[] }>;
}

function parse(): { path: string; rest: string[] } {
    const [path = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
    return { path, rest };
}

export const place = signal(parse());
addEventListener('hashchange', () => (place.value = parse()));

export function go(path: string, ...rest: string[]): void {
    location.hash = `#/${[path, ...rest].map(encodeURIComponent).join('/')}`;
}
