  /* store.js - what the page shows: the data in it, then what a board adds. */
  const data = JSON.parse(byId('data').textContent);
  for (const key of ['runs', 'scalars', 'histograms', 'images', 'graphs', 'timelines', 'checkpoints', 'notes'])
    if (!data[key]) data[key] = [];
  if (!data.machine) data.machine = {version: '', devices: [], plugins: [], trouble: ''};
  const isLive = document.body.dataset.live === 'yes';
  const hiddenRuns = new Set(); /* by name */
  const listeners = [];
  function onChange(keys, call) { listeners.push({keys, call}); }
  function changed(keys) {
    for (const l of listeners) if (l.keys.some((k) => keys.includes(k))) l.call(keys);
  }
  function merge(update) {
    const keys = Object.keys(update).filter((k) => k !== 'version' && k !== 'now' && k !== 'folder');
    for (const key of keys) data[key] = update[key];
    data.version = update.version;
    data.now = update.now;
    changed(keys);
    return keys;
  }
  function runName(i) { const r = data.runs[i]; return !r ? '?' : r.name === '.' ? 'this run' : r.name; }
  function runColour(i) { return colour('run' + i % 8); }
  function isShown(i) { return data.runs[i] && !hiddenRuns.has(data.runs[i].name); }
