// Asks for what an order needs, gives the order, and stays open when it is refused.

import { h, put } from './dom.js';
import { change } from './state.js';
import { t } from './words.js';
import * as session from './session.js';

const utf8 = new TextEncoder();

function field(f, values) {
    const id = `field-${f.name}`;
    const common = {
        id,
        name: f.name,
        required: !f.optional,
        initial: values[f.name] ?? f.initial,
        maxlength: f.bytes,
        'aria-describedby': f.help ? `${id}-help` : null,
    };
    const control = f.options
        ? h(
              'select',
              { ...common, initial: undefined, maxlength: null, onchange: f.onchange },
              f.options.map(([value, label]) =>
                  h('option', { value, selected: value === (values[f.name] ?? f.initial) }, label),
              ),
          )
        : f.lines
          ? h('textarea', { ...common, rows: f.lines })
          : h('input', { ...common, type: f.type ?? 'text', min: f.min, autocomplete: 'off' });
    return h(
        'div.field',
        { key: f.name, hidden: f.hidden?.(values) ?? false },
        h('label', { for: id }, f.label),
        control,
        f.help && h('p', { id: `${id}-help`, class: 'faint' }, f.help),
    );
}

// What the form has; a field that is not shown is not asked for.
function read(form, fields) {
    const values = Object.fromEntries(fields.map(f => [f.name, String(new FormData(form).get(f.name) ?? '').trim()]));
    return values;
}

// Lengths are in bytes, of which a Chinese character has three; a browser counts characters.
function fault(fields, values) {
    for (const f of fields) {
        if (f.hidden?.(values)) continue;
        if (!f.optional && !values[f.name]) return [f, t('field.needed', { label: f.label })];
        if (f.bytes && utf8.encode(values[f.name]).length > f.bytes)
            return [f, t('field.long', { label: f.label, n: f.bytes })];
    }
    return null;
}

export const WHO = () => ({
    name: 'by',
    label: t('field.by'),
    help: t('field.by-help'),
    bytes: 128,
    initial: session.who.get(),
});
export const WHY = bytes => ({ name: 'why', label: t('field.why'), bytes, lines: 2 });

// what: {title, about, fields, confirm, danger, send(values, progress)}; send() gives the order, and returns what to
// say of it: {tone, text}.
export function ask(what) {
    const dialog = document.createElement('dialog');
    const opener = document.activeElement;
    let values = {},
        failure = null,
        isBusy = false,
        progress = '';

    function draw() {
        put(dialog, [
            h(
                'form',
                { method: 'dialog', onsubmit: submit, novalidate: true, oninput },
                h('h2', { id: 'dialog-title' }, what.title),
                h('p', what.about),
                what.fields.map(f => field(f, values)),
                failure && h('p.failure', { role: 'alert' }, failure),
                isBusy && progress && h('p', { role: 'status' }, progress),
                h(
                    'div.buttons.end',
                    h('button', { type: 'button', onclick: () => dialog.close() }, t('dialog.cancel')),
                    h(
                        'button',
                        { class: what.danger ? 'danger first' : 'first', disabled: isBusy },
                        isBusy ? t('dialog.busy') : what.confirm,
                    ),
                ),
            ),
        ]);
    }

    function oninput() {
        values = read(dialog.querySelector('form'), what.fields);
        draw();
    }

    async function submit(event) {
        event.preventDefault();
        oninput();
        const wrong = fault(what.fields, values);
        if (wrong) {
            failure = wrong[1];
            draw();
            dialog.querySelector(`#field-${wrong[0].name}`).focus();
            return;
        }
        if (values.by) session.who.set(values.by);
        await give();
    }

    async function give() {
        isBusy = true;
        failure = null;
        draw();
        try {
            const notice = await what.send(values, text => {
                progress = text;
                draw();
            });
            change({ notice });
            dialog.close();
        } catch (error) {
            failure = error.words ?? String(error);
        }
        isBusy = false;
        draw();
    }

    dialog.setAttribute('aria-labelledby', 'dialog-title');
    dialog.onclose = () => {
        dialog.remove();
        (opener?.isConnected && !opener.disabled ? opener : document.getElementById('heading'))?.focus();
    };
    document.body.append(dialog);
    draw();
    dialog.showModal();
    dialog.querySelector('input, select, textarea, button.first')?.focus();
}
