// SPDX-License-Identifier: Apache-2.0
// Keys that pages listen to, and "?" that shows them. Single letters are heard outside of fields only, and can be turned
// off for good (they collide with screen readers and speech input).
import type { JSX } from 'preact';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { catalogue } from '../text/text';
import { Button, Dialog, tell } from './ui';
import { common } from '../text/common';

export interface Shortcut {
    keys: string; // "A", "Ctrl+Enter", "F2", "G D" (one after the other)
    what: string;
    run(): unknown;
}

const words = catalogue({ title: '键盘快捷键', help: '显示快捷键', letters: '使用单个字母的快捷键', then: '{a} 然后 {b}' }, { title: 'Keyboard shortcuts', help: 'Show the shortcuts', letters: 'Use single-letter shortcuts', then: '{a} then {b}' });
const LETTERS = 'shanqiao.letterKeys'; // "off"
const SEQUENCE_MS = 1200;

const sets = signal<Shortcut[][]>([]);
const shown = signal(false);
const letters = signal(localStorage.getItem(LETTERS) !== 'off');
let last = { key: '', at: 0 };

function inField(target: EventTarget | null): boolean {
    return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** "Ctrl+Enter"; ⌘ counts as Ctrl. */
function nameOf(e: KeyboardEvent): string {
    const key = e.key.length === 1 ? e.key.toUpperCase() : e.key;
    return (e.ctrlKey || e.metaKey ? 'Ctrl+' : '') + (e.altKey ? 'Alt+' : '') + key;
}

function heard(e: KeyboardEvent): void {
    const name = nameOf(e);
    const single = name.length === 1;
    if (e.isComposing || (single && (!letters.value || inField(e.target))) || document.querySelector('.locked, dialog[open]')) return;
    if (name === '?') { shown.value = true; e.preventDefault(); return; }
    const after = last.key && e.timeStamp - last.at < SEQUENCE_MS ? `${last.key} ${name}` : '';
    last = { key: single ? name : '', at: e.timeStamp };
    const all = [...sets.value].reverse().flat(); // what came last is nearest
    const found = (after && all.find((s) => s.keys === after)) || all.find((s) => s.keys === name);
    if (!found) return;
    e.preventDefault();
    last.key = '';
    void (async () => found.run())().catch(tell);
}
addEventListener('keydown', heard);

/** Heard while the component is there. `key`: what the actions depend on. */
export function useShortcuts(list: Shortcut[], key: unknown[]): void {
    useEffect(() => {
        sets.value = [...sets.value, list];
        return () => void (sets.value = sets.value.filter((one) => one !== list));
    }, key);
}

export function showShortcuts(): void {
    shown.value = true;
}

/** Once in a page: the table of what is heard now. */
export function ShortcutHelp(): JSX.Element {
    const list = sets.value.flat();
    const close = (): void => void (shown.value = false);
    const setLetters = (on: boolean): void => { letters.value = on; localStorage.setItem(LETTERS, on ? 'on' : 'off'); };
    return <Dialog open={shown.value} title={words('title')} onClose={close}>
        <table><tbody>{[...list, { keys: '?', what: words('help') }].map((s) => <tr key={s.keys}><th scope="row"><kbd>{s.keys.includes(' ') ? words('then', { a: s.keys.split(' ')[0]!, b: s.keys.split(' ')[1]! }) : s.keys}</kbd></th><td>{s.what}</td></tr>)}</tbody></table>
        <label class="tick"><input type="checkbox" checked={letters.value} onChange={(e) => setLetters(e.currentTarget.checked)} /> {words('letters')}</label>
        <div class="buttons"><Button look="primary" onClick={close}>{common('close')}</Button></div>
    </Dialog>;
}
