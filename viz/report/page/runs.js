  /* runs.js - the list of runs: the legend of all charts, with which runs are shown and hidden. */
  function setShown(names, shown) {
    for (const name of names) { if (shown) hiddenRuns.delete(name); else hiddenRuns.add(name); }
    drawRuns();
    changed(['shown']);
  }
  function runRow(run, i) {
    const box = el('input', {type: 'checkbox', checked: isShown(i), onchange: () => setShown([run.name], box.checked)});
    const took = run.updated > run.started ? ', ' + formatSeconds(run.updated - run.started) : '';
    return el('label', {class: 'run'}, box, swatch(runColour(i)),
      el('span', {class: 'text', title: run.name}, shorten(runName(i), 60),
        el('small', {}, run.step >= 0 ? 'step ' + formatNumber(run.step) + took : 'no step yet')));
  }
  function drawRuns() {
    const list = byId('runs-list');
    const at = [...list.querySelectorAll('input')].indexOf(document.activeElement);
    const names = data.runs.map((r) => r.name);
    fill(list, data.runs.length ? data.runs.map(runRow) : el('p', {class: 'quiet small'}, 'No event file yet.'),
      data.runs.length > 2 ? el('div', {class: 'all-runs'},
        el('button', {type: 'button', onclick: () => setShown(names, true)}, 'All'),
        el('button', {type: 'button', onclick: () => setShown(names, false)}, 'None')) : null);
    if (at >= 0) { const again = list.querySelectorAll('input')[at]; if (again) again.focus(); }
  }
  function startRuns() { drawRuns(); onChange(['runs'], drawRuns); }
