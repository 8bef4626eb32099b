// SPDX-License-Identifier: Apache-2.0
// The text that patients consent to, as the server gives it, shown whole. Kept sealed for when the network is away.
import type { JSX } from 'preact';
import { keep } from '../app/session';
import { language } from '../text/text';
import type { Result } from '../wire/connection';
import { server } from '../wire/server';
import { words } from './formtext';

export type ConsentText = Result<'consent.texts'>['texts'][number];

/** The present text in the language of the page. */
export async function loadConsentText(): Promise<ConsentText> {
    const wanted = language.value;
    const name = `consent-text/${wanted}`;
    if (server.state.value !== 'ready') {
        const kept = await keep.value?.get<ConsentText>(name);
        if (kept) return kept;
    }
    const { texts } = await server.call('consent.texts', { language: wanted });
    const current = texts.find((t) => t.current) ?? texts[0];
    if (!current) throw new Error(words('consentNone'));
    await keep.value?.put(name, current);
    return current;
}

/** Once, so that consent can be asked when the network is away. */
export async function fetchConsentText(): Promise<void> {
    if (!(await keep.value?.get(`consent-text/${language.value}`))) await loadConsentText();
}

/** Headings, paragraphs and lists of the text; nothing of it is markup. */
export function TextView({ text }: { text: ConsentText }): JSX.Element {
    const blocks: JSX.Element[] = [];
    let list: string[] = [];
    const endList = (key: number): void => {
        if (list.length) blocks.push(<ul key={`l${key}`}>{list.map((item, i) => <li key={i}>{item}</li>)}</ul>);
        list = [];
    };
    text.text.split('\n').forEach((line, i) => {
        if (line.startsWith('- ')) { list.push(line.slice(2)); return; }
        if (line.startsWith('  ') && list.length) { list[list.length - 1] += line.trim(); return; }
        endList(i);
        if (line.startsWith('## ')) blocks.push(<h3 key={i}>{line.slice(3)}</h3>);
        else if (line.startsWith('# ')) blocks.push(<h2 key={i}>{line.slice(2)}</h2>);
        else if (line.trim()) blocks.push(<p key={i}>{line}</p>);
    });
    endList(-1);
    return <div class="village-consent-text card" lang={text.language} tabIndex={0} role="document">{blocks}</div>;
}
