// SPDX-License-Identifier: Apache-2.0
// Diagnosis codes: found by code or name, or typed. A combobox by the ARIA pattern: arrows choose, Enter adds.
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { language } from '../text/text';
import { SYSTEM, findCodes, type Found } from './codes';
import type { Code } from './document';
import { CODES_MAX, readCode } from './draft';
import { words } from './editor_text';

export function CodesBox({ codes, onChange }: { codes: Code[]; onChange(codes: Code[]): void }): JSX.Element {
    const [typed, setTyped] = useState('');
    const [at, setAt] = useState(0);
    const id = useId();
    const found = findCodes(typed, language.value === 'en');
    const free = readCode(typed);
    const options: Found[] = free && !found.some((f) => f.code === free) && /\d/.test(free) ? [...found, { code: free, name: '' }] : found;
    const add = (one: Found): void => {
        if (!codes.some((c) => c.code === one.code) && codes.length < CODES_MAX) onChange([...codes, { system: SYSTEM, code: one.code, ...(one.name ? { name: one.name } : {}) }]);
        setTyped('');
        setAt(0);
    };
    const key = (e: KeyboardEvent): void => {
        if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
            e.preventDefault();
            setAt((n) => Math.max(0, Math.min(options.length - 1, n + (e.key === 'ArrowDown' ? 1 : -1))));
        } else if (e.key === 'Enter' && !e.ctrlKey) {
            e.preventDefault();
            const chosen = options[at] ?? options[0];
            if (chosen) add(chosen);
        } else if (e.key === 'Escape' && typed) {
            e.stopPropagation();
            setTyped('');
        }
    };
    return <div class="opinion-codes-box field">
        <span id={`${id}-label`}>{words('codes')} <small>{SYSTEM}</small></span>
        {codes.length > 0 && <ul class="opinion-chips">{codes.map((c) => <li key={c.code}><strong>{c.code}</strong> {c.name} <button type="button" class="opinion-x" aria-label={words('removeCode', { code: c.code })} onClick={() => onChange(codes.filter((o) => o !== c))}>✕</button></li>)}</ul>}
        <input role="combobox" aria-labelledby={`${id}-label`} aria-expanded={options.length > 0} aria-controls={`${id}-list`} aria-autocomplete="list" aria-activedescendant={options.length ? `${id}-${at}` : undefined}
            placeholder={words('codesHint')} value={typed} onInput={(e) => { setTyped(e.currentTarget.value); setAt(0); }} onKeyDown={key} />
        <ul class="opinion-options" id={`${id}-list`} role="listbox" aria-labelledby={`${id}-label`} hidden={!options.length}>{options.map((o, i) =>
            <li key={o.code} id={`${id}-${i}`} role="option" aria-selected={i === at} onPointerDown={(e) => { e.preventDefault(); add(o); }}>{o.name ? <><strong>{o.code}</strong> {o.name}</> : words('codesOther', { code: o.code })}</li>)}</ul>
    </div>;
}
