// SPDX-License-Identifier: Apache-2.0
// Beside every page of a specialist: what rings, loaded when a specialist is signed in and never for others.
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const AGAIN_MS = 5000;

export function Attend(): JSX.Element | null {
    const [part, setPart] = useState<{ Bar: ComponentType } | null>(null);
    useEffect(() => {
        let live = true;
        const load = (): void => {
            import('./ringbar').then((m) => live && setPart({ Bar: m.RingBar }), () => live && setTimeout(load, AGAIN_MS));
        };
        load();
        return () => void (live = false);
    }, []);
    return part && <part.Bar />;
}
