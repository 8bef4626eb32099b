// SPDX-License-Identifier: Apache-2.0
// Signs of the call's buttons; each stands beside its word and says nothing by itself.
import type { JSX } from 'preact';

const PATHS = {
    mic: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM6 11a6 6 0 0 0 12 0M12 17v4',
    micOff: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM6 11a6 6 0 0 0 12 0M12 17v4M4 4l16 16',
    camera: 'M3 7h11v10H3ZM14 10l7-3v10l-7-3',
    cameraOff: 'M3 7h11v10H3ZM14 10l7-3v10l-7-3M4 4l16 16',
    turn: 'M4 12a8 8 0 0 1 14-5M20 12a8 8 0 0 1-14 5M18 3v4h-4M6 21v-4h4',
    exam: 'M5 3v6a4 4 0 0 0 8 0V3M9 13v3a4 4 0 0 0 8 0v-3M17 9a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z',
    photo: 'M3 8h4l2-3h6l2 3h4v11H3ZM12 10a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z',
    chat: 'M4 5h16v11H10l-5 4v-4H4Z',
    people: 'M9 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM3 20a6 6 0 0 1 12 0M16 6a3 3 0 0 1 0 6M17 14a6 6 0 0 1 4 6',
    files: 'M6 3h8l4 4v14H6ZM14 3v4h4M9 12h6M9 16h6',
    voice: 'M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4',
    more: 'M4 12h1.500M11.300 12h1.500M18.500 12h1.500',
    pip: 'M3 5h18v14H3ZM12 12h7v5h-7Z',
    gear: 'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M5.6 18.4l2.2-2.2M16.2 7.8l2.2-2.2',
    signal: 'M4 18v-3M9 18v-6M14 18V9M19 18V5',
    lock: 'M6 11h12v9H6ZM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
    leave: 'M10 4H4v16h6M9 12h11M16 8l4 4-4 4',
    end: 'M3 15c5-6 13-6 18 0l-3 3-3-2v-3a9 9 0 0 0-6 0v3l-3 2Z',
    hand: 'M8 12V6a1.5 1.5 0 0 1 3 0v5M11 11V4.500a1.500 1.500 0 0 1 3 0V11M14 11V6a1.500 1.500 0 0 1 3 0v9a6 6 0 0 1-11 3l-3-5c0-2 2-2 3-1l2 2',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
    return <svg class="call-icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d={PATHS[name]} /></svg>;
}
