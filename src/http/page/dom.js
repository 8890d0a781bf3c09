// What a screen shows is made anew from the state as a tree of plain objects, and put() changes only what differs in
// the document: whoever is typing, or has the focus, keeps it.

const SVG = 'http://www.w3.org/2000/svg';

// One element: its tag with its classes, 'p.faint'; its properties, if it has any; its children. Properties that begin
// with "on" are handlers; "key" tells brothers apart; "made" is called with the element when it comes into being;
// "initial" is a field's first value, which is its user's from then on; all else are attributes, of which null and
// false are left out.
export function h(name, ...rest) {
    const [tag, ...classes] = name.split('.');
    const properties = isProperties(rest[0]) ? rest.shift() : {};
    const all = classes.length ? { class: classes.join(' '), ...properties } : properties;
    return { tag, properties: all, key: all.key, children: rest.flat(Infinity).filter(isThere) };
}

function isProperties(value) {
    return value !== null && typeof value === 'object' && !Array.isArray(value) && !('tag' in value);
}

function isThere(child) {
    return child !== null && child !== undefined && child !== false && child !== '';
}

// Makes the children of an element be these.
export function put(parent, children) {
    const wanted = children.flat(Infinity).filter(isThere);
    const known = new Map();
    for (const node of parent.childNodes) if (node.treeKey !== undefined) known.set(node.treeKey, node);
    let at = parent.firstChild;
    for (const child of wanted) {
        const node = fitting(child, at, known) ?? make(child, parent);
        if (node === at) at = at.nextSibling;
        else parent.insertBefore(node, at);
        renew(node, child);
    }
    while (at) {
        const next = at.nextSibling;
        at.remove();
        at = next;
    }
}

function isElement(child) {
    return typeof child === 'object';
}

// The node that this child was before, if there is one.
function fitting(child, at, known) {
    if (isElement(child) && child.key !== undefined) {
        const node = known.get(child.key);
        known.delete(child.key);
        return node?.localName === child.tag ? node : undefined;
    }
    if (!at || at.treeKey !== undefined) return undefined;
    const same = isElement(child) ? at.localName === child.tag : at.nodeType === Node.TEXT_NODE;
    return same ? at : undefined;
}

function make(child, parent) {
    if (!isElement(child)) return document.createTextNode('');
    const isSvg = child.tag === 'svg' || (parent.namespaceURI === SVG && parent.localName !== 'foreignObject');
    const node = isSvg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
    node.treeKey = child.key;
    if (child.properties.initial !== undefined) node.value = child.properties.initial;
    if (child.properties.made) queueMicrotask(() => child.properties.made(node));
    return node;
}

function renew(node, child) {
    if (!isElement(child)) {
        if (node.data !== String(child)) node.data = String(child);
        return;
    }
    setAttributes(node, child.properties);
    put(node, child.children);
}

const NOT_ATTRIBUTES = new Set(['key', 'made', 'initial']);

function setAttributes(node, properties) {
    const before = node.treeNames ?? [];
    node.treeNames = [];
    for (const [name, value] of Object.entries(properties)) {
        if (NOT_ATTRIBUTES.has(name)) continue;
        node.treeNames.push(name);
        setOne(node, name, value);
    }
    for (const name of before) if (!node.treeNames.includes(name)) setOne(node, name, null);
}

function setOne(node, name, value) {
    if (name.startsWith('on')) node[name] = value;
    else if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value === true ? '' : value))
        node.setAttribute(name, value === true ? '' : value);
}
