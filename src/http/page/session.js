// What this browser remembers: the token and the operator's name for as long as the tab is open, tastes for longer.

// Storage may be forbidden: then nothing is remembered.
function read(storage, name) {
    try {
        return window[storage].getItem(`lifecertd.${name}`);
    } catch {
        return null;
    }
}

function write(storage, name, value) {
    try {
        if (value === null) window[storage].removeItem(`lifecertd.${name}`);
        else window[storage].setItem(`lifecertd.${name}`, value);
    } catch {
        // as said
    }
}

export const token = {
    get: () => read('sessionStorage', 'token'),
    set: value => write('sessionStorage', 'token', value),
};

// Who gives orders.
export const who = {
    get: () => read('sessionStorage', 'who') ?? '',
    set: value => write('sessionStorage', 'who', value),
};

export const language = {
    get: () => read('localStorage', 'language') ?? (/^zh\b/i.test(navigator.language) ? 'zh' : 'en'),
    set: value => write('localStorage', 'language', value),
};

export const THEMES = ['system', 'light', 'dark'];

export const theme = {
    get: () => (THEMES.includes(read('localStorage', 'theme')) ? read('localStorage', 'theme') : 'system'),
    set: value => write('localStorage', 'theme', value),
};

export function showTheme() {
    document.documentElement.dataset.theme = theme.get();
}
