// Every word on the screen, in the language that is chosen; zh.js and en.js have the same keys.
//
// A text has values in braces, {name}, and may leave out a part in brackets: [ by {by}] is there only when all its
// values are, and none is 0. What stands behind the name says how the value is shown: {n#} counted, {amount$} as
// money, {n|person|people} one of two words for a number; {mark?} shows nothing, and only asks.

import { en } from './en.js';
import { zh } from './zh.js';
import { count, money, setLocale } from './format.js';

export const LANGUAGES = { zh: { words: zh, locale: 'zh-CN' }, en: { words: en, locale: 'en-GB' } };

let chosen = LANGUAGES.en;

export function setLanguage(name) {
    chosen = LANGUAGES[name];
    setLocale(chosen.locale);
    document.documentElement.lang = chosen.locale;
}

export function has(key) {
    return Object.hasOwn(chosen.words, key);
}

// The text of that key.
export function t(key, values = {}) {
    return has(key) ? fill(chosen.words[key], values) : key;
}

// The text for a word of the API's; else the word itself: a newer daemon may know more than this page.
export function word(group, name) {
    return has(`${group}.${name}`) ? t(`${group}.${name}`) : String(name);
}

function valueAt(values, path) {
    return path.split('.').reduce((at, name) => at?.[name], values);
}

function shown(value, how, words) {
    const ways = { '#': count, $: money, '|': n => words.split('|')[n === 1 ? 0 : 1], '?': () => '', '': String };
    return ways[how](value);
}

// A piece without brackets; needsAll: nothing, when a value is missing.
function fillPiece(piece, values, needsAll) {
    let isMissing = false;
    const text = piece.replace(/\{([\w.]+)([#$|?]?)([^}]*)\}/g, (_, path, how, words) => {
        const value = valueAt(values, path);
        isMissing ||= !value;
        return value === null || value === undefined || value === '' ? '–' : shown(value, how, words);
    });
    return isMissing && needsAll ? '' : text;
}

export function fill(text, values) {
    return text.replace(/\[([^\]]*)\]|[^[]+/g, (piece, optional) =>
        optional === undefined ? fillPiece(piece, values, false) : fillPiece(optional, values, true),
    );
}
