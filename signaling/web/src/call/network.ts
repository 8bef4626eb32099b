// SPDX-License-Identifier: Apache-2.0
// When this machine got another network, as far as the browser tells. That a path died silently, media notice themselves.

export type NetworkLink = EventTarget & { readonly type?: string };

/** Back after an outage, or of another kind (Wi-Fi, mobile): not each new estimate of its speed, for which browsers say
 *  "change" too. Returns: stop. */
export function watchNetwork(page: EventTarget, link: NetworkLink | undefined, changed: () => void): () => void {
    let type = link?.type;
    const other = (): void => {
        if (link?.type === type) return;
        type = link?.type;
        changed();
    };
    page.addEventListener('online', changed);
    link?.addEventListener('change', other);
    return () => {
        page.removeEventListener('online', changed);
        link?.removeEventListener('change', other);
    };
}
