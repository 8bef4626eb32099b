// SPDX-License-Identifier: Apache-2.0
// The tasks of a coordinator, all pages of them, kept new: asked again when a case changes, when the connection missed
// something, and from time to time.
import { useEffect, useRef } from 'preact/hooks';
import { watchCases } from '../case/case';
import { useLoad } from '../ui/ui';
import type { Task } from '../wire/protocol';
import { server } from '../wire/server';

const PAGES_MAX = 40; // 2000 tasks; more would not be worked through by looking at a list
const SETTLE_MS = 400; // several changes of one act are one question
const AGAIN_MS = 60_000;

export async function loadTasks(): Promise<{ tasks: Task[]; more: boolean }> {
    const tasks: Task[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
        const reply = await server.call('worklist.list', { limit: 50, ...(cursor ? { cursor } : {}) });
        tasks.push(...reply.tasks.filter((t) => t.task !== 'read'));
        cursor = reply.cursor;
        if (!reply.more || !cursor) return { tasks, more: false };
    }
    return { tasks, more: true };
}

export function useTasks(): ReturnType<typeof useLoad<{ tasks: Task[]; more: boolean }>> {
    const load = useLoad(loadTasks, []);
    const again = useRef(load.again);
    again.current = load.again;
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const soon = (): void => {
            clearTimeout(timer);
            timer = setTimeout(() => again.current(), SETTLE_MS);
        };
        const off = [watchCases(soon), server.onReload(soon), server.on('consultation.reminder', soon), server.on('consultation.critical', soon)];
        const clock = setInterval(soon, AGAIN_MS);
        return () => {
            clearTimeout(timer);
            clearInterval(clock);
            off.forEach((f) => f());
        };
    }, []);
    return load;
}
