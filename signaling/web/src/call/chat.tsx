// SPDX-License-Identifier: Apache-2.0
// What is written beside the talk; kept with the case. What was typed or not yet sent survives a reload, sealed.
import type { JSX } from 'preact';
import { signal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { keep } from '../app/session';
import { useKept } from '../keep/kept';
import { clock } from '../text/text';
import { Button, tell } from '../ui/ui';
import type { Result } from '../wire/connection';
import { server } from '../wire/server';
import { words } from './text';

export type Message = Result<'room.messages'>['messages'][number];
interface Unsent { id: string; text: string } // id of its request: sent again it is the same message

const CHARACTERS_MAX = 2000;

export class Chat {
    readonly messages: Signal<Message[]> = signal([]); // oldest first
    readonly unsent: Signal<Unsent[]> = signal([]);
    readonly unread = signal(0);
    readonly cursor = signal<string | undefined>(undefined);
    private readonly undo: (() => void)[];

    constructor(readonly room: string, private readonly account: string) {
        this.undo = [
            server.on('room.said', ({ room: of, id, by, at, text }) => {
                if (of !== room) return;
                this.add([{ id, by, at, text }]);
                if (by !== account) this.unread.value++;
            }),
            server.onReload(() => void this.load().catch(() => undefined)),
        ];
        void this.load().catch(() => undefined); // who may not read it has an empty list, and what is said later comes by itself
        void keep.value?.get<Unsent[]>(this.name).then((kept) => { for (const one of kept ?? []) void this.transmit(one); });
    }

    close(): void {
        this.undo.splice(0).forEach((f) => f());
    }

    async older(): Promise<void> {
        const { messages, cursor } = await server.call('room.messages', { room: this.room, ...(this.cursor.value ? { cursor: this.cursor.value } : {}) });
        this.cursor.value = cursor;
        this.add(messages);
    }

    say(text: string): Promise<void> {
        return this.transmit({ id: crypto.randomUUID(), text });
    }

    private get name(): string {
        return `call/${this.room}/unsent`;
    }

    private async load(): Promise<void> {
        const { messages, cursor } = await server.call('room.messages', { room: this.room });
        this.cursor.value = cursor;
        this.add(messages);
    }

    private add(more: Message[]): void {
        const known = new Map([...this.messages.value, ...more].map((m) => [m.id, m]));
        this.messages.value = [...known.values()].sort((a, b) => a.at.localeCompare(b.at));
    }

    private async transmit(one: Unsent): Promise<void> {
        this.unsent.value = [...this.unsent.value.filter((u) => u.id !== one.id), one];
        await keep.value?.put(this.name, this.unsent.value);
        try {
            const { id, at } = await server.call('room.say', { room: this.room, text: one.text }, one.id);
            this.add([{ id, by: this.account, at, text: one.text }]);
        } finally {
            this.unsent.value = this.unsent.value.filter((u) => u.id !== one.id);
            await keep.value?.put(this.name, this.unsent.value);
        }
    }
}

export function ChatPanel({ chat, writes, nameOf }: { chat: Chat; writes: boolean; nameOf(account: string): string }): JSX.Element {
    const { value: { text }, ready, set } = useKept(`form/chat/${chat.room}`, { text: '' });
    const list = useRef<HTMLDivElement>(null);
    const messages = chat.messages.value, unsent = chat.unsent.value;
    useEffect(() => {
        chat.unread.value = 0;
        list.current?.scrollTo({ top: list.current.scrollHeight });
    }, [messages.length, unsent.length]);
    const type = (value: string): void => set({ text: value });
    const submit = (event: Event): void => {
        event.preventDefault();
        const line = text.trim();
        if (!line) return;
        type('');
        chat.say(line).catch((error) => { tell(error); type(line); });
    };
    return <section class="call-chat" aria-label={words('chat')}>
        {chat.cursor.value && <Button look="quiet" onClick={() => chat.older()}>{words('chatOlder')}</Button>}
        <div ref={list} class="call-log" role="log" aria-live="polite" aria-label={words('chat')} tabIndex={0}><ol>
            {messages.map((m) => <li key={m.id}><small class="muted">{nameOf(m.by)} · {clock(m.at)}</small><p>{m.text}</p></li>)}
            {unsent.map((u) => <li key={u.id}><small class="muted">{words('chatWaits')}</small><p>{u.text}</p></li>)}
            {!messages.length && !unsent.length && <li class="muted">{words('chatEmpty')}</li>}
        </ol></div>
        {!writes ? <p class="muted">{words('chatReads')}</p> : ready && <form onSubmit={submit}>
            <textarea aria-label={words('chatWrite')} placeholder={words('chatWrite')} rows={2} maxLength={CHARACTERS_MAX} value={text} onInput={(e) => type(e.currentTarget.value)}
                onKeyDown={(e) => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) submit(e); }} />
            <Button look="primary" submit>{words('chatSend')}</Button>
        </form>}
    </section>;
}
