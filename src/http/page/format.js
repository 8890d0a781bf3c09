// Numbers, dates and spans for people. Times are shown as the server wrote them, in its zone: nothing is converted.

let numbers, shorts, shares, sums, relative, months;

export function setLocale(locale) {
    numbers = new Intl.NumberFormat(locale);
    shorts = new Intl.NumberFormat(locale, { notation: 'compact' });
    shares = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
    sums = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
    months = new Intl.DateTimeFormat(locale, { month: 'short', timeZone: 'UTC' });
}

export function count(n) {
    return numbers.format(n);
}

// For where there is little room.
export function shortCount(n) {
    return (n < 100000 ? numbers : shorts).format(n);
}

export function share(part, whole) {
    return whole ? shares.format(part / whole) : '';
}

// Of an amount in the currency's minor unit.
export function money(minor) {
    return sums.format(minor / 100);
}

// "2026-06-16T09:00:00+08:00" as "2026-06-16 09:00".
export function time(text) {
    return text ? `${text.slice(0, 10)} ${text.slice(11, 16)}` : '';
}

export function seconds(text) {
    return text ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : '';
}

export function day(text) {
    return text ? text.slice(0, 10) : '';
}

export function offset(text) {
    return text ? text.slice(19) : '';
}

const SPANS = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
];

// How far one time lies from another: "3 days ago", "in 2 hours".
export function distance(from, to) {
    const s = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
    const [unit, length] = SPANS.find(([, each]) => Math.abs(s) >= each) ?? SPANS.at(-1);
    return relative.format(Math.trunc(s / length), unit);
}

// Whole seconds between two times.
export function secondsBetween(from, to) {
    return (Date.parse(to) - Date.parse(from)) / 1000;
}

const BYTES = ['B', 'KB', 'MB', 'GB', 'TB'];

export function bytes(n) {
    let unit = 0;
    for (; n >= 1000 && unit < BYTES.length - 1; unit++) n /= 1000;
    return `${numbers.format(unit ? Number(n.toFixed(n < 10 ? 1 : 0)) : n)} ${BYTES[unit]}`;
}

// --- months, as "2026-06" ---

export function monthName(month) {
    return months.format(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)) - 1));
}

export function monthAfter(month, n) {
    const total = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + n;
    return `${String(Math.floor(total / 12)).padStart(4, '0')}-${String((total % 12) + 1).padStart(2, '0')}`;
}

// Its last day.
export function monthEnd(month) {
    const last = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0));
    return last.toISOString().slice(0, 10);
}
