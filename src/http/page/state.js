// All that the screen is made of, in one place; whoever changes it has it drawn again.

export const state = {
    view: 'today', // views.js
    argument: null, // what follows the view's name in the address
    caller: null, // GET /v1/whoami; null: nobody has signed in
    signInFailure: null,
    connection: 'connecting', // "live", "polling" (a daemon that streams no status), "waiting"
    failure: null, // why it waits
    notice: null, // what came of the last order: {tone, text}
    status: null, // the answers of the API of these names
    due: null,
    endpoints: null,
    deliveries: null, // {endpoint, state, rows, more}
    person: null, // {id, asOf, facts, events, later} or {id, asOf, failure}
    asOf: null, // a day: the person as known at its end; null: now
    people: null, // {status, rows, after}
    feed: [], // feed.js
    month: null, // of the chart, pointed at
    chartWidth: 0, // pixels
};

let draw = () => {};
let isScheduled = false;

export function onChange(f) {
    draw = f;
}

export function change(parts) {
    Object.assign(state, parts);
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(() => {
        isScheduled = false;
        draw();
    });
}
