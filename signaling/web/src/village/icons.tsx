// SPDX-License-Identifier: Apache-2.0
// A few drawings beside words; never alone.
import type { JSX } from 'preact';

const PATHS = {
    camera: 'M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
    file: 'M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h7',
    voice: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4M8 21h8',
    stop: 'M6 6h12v12H6z',
    start: 'M4 6h11v9H9l-3 3v-3H4zM17 9h3v8h-2v3l-3-3h-5',
    alarm: 'M12 3 2 21h20zM12 10v5M12 18v.5',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }): JSX.Element {
    return <svg class="village-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" stroke-linecap="round" /></svg>;
}
