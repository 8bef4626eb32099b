// SPDX-License-Identifier: Apache-2.0
// Words of the pages. Each room has its catalogue beside it (text.ts) with both languages under the same keys, so that
// a missing translation does not compile. zh-CN first.
import { signal } from '@preact/signals';

export type Language = 'zh-CN' | 'en';
const CHOSEN = 'shanqiao.language';

function first(): Language {
    const kept = localStorage.getItem(CHOSEN);
    if (kept === 'zh-CN' || kept === 'en') return kept;
    return navigator.languages.some((l) => l.startsWith('zh')) || !navigator.languages.some((l) => l.startsWith('en')) ? 'zh-CN' : 'en';
}

export const language = signal<Language>(first());

export function chooseLanguage(chosen: Language): void {
    language.value = chosen;
    localStorage.setItem(CHOSEN, chosen);
    document.documentElement.lang = chosen;
}
document.documentElement.lang = language.value;

type Words = Record<string, string>;

/** `{name}` in a text is replaced. The function re-renders who uses it when the language changes. */
export function catalogue<Z extends Words>(zh: Z, en: { [K in keyof Z]: string }): (key: keyof Z & string, with_?: Record<string, string | number>) => string {
    return (key, with_) => {
        const text: string = (language.value === 'en' ? en : zh)[key];
        return with_ ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(with_[name] ?? all)) : text;
    };
}

/** A remedy of the server, in the chosen language. */
export function inLanguage(texts: { 'zh-CN': string; en: string }): string {
    return texts[language.value];
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = language.value + JSON.stringify(options);
    let f = formats.get(key);
    if (!f) formats.set(key, (f = new Intl.DateTimeFormat(language.value, options)));
    return f;
}

/** RFC 3339 -> "11月22日 14:05", with the year where it is another one. */
export function when(rfc3339: string): string {
    const date = new Date(rfc3339);
    const thisYear = date.getFullYear() === new Date().getFullYear();
    return format({ ...(thisYear ? {} : { year: 'numeric' }), month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }).format(date);
}

/** For what is kept and printed: always with the year. */
export function dated(rfc3339: string): string {
    return format({ year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(rfc3339));
}

export function clock(rfc3339: string): string {
    return format({ hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(rfc3339));
}
