// SPDX-License-Identifier: Apache-2.0
// A page whose code comes when it is opened: lazy(() => import('./home').then((m) => m.Home)).
import type { ComponentType, JSX } from 'preact';
import { Loaded, useLoad } from '../ui/ui';
import { lookForNewer } from './renew';

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
    return function Lazy(props: P): JSX.Element {
        const part = useLoad(() => load().catch((error: unknown) => { lookForNewer(); throw error; }), []);
        return <Loaded of={part}>{(Component) => <Component {...props} />}</Loaded>;
    };
}
