  /* checkpoints.js - what was saved: steps, files, variables. */
  function stepOf(prefix) { const m = /-(\d+)$/.exec(prefix); return m ? +m[1] : null; }
  function drawCheckpoints(content) {
    if (!data.checkpoints.length) return fill(content, nothingYet('checkpoints', 'runnel/c/train.h: rn_saver_save'));
    const list = data.checkpoints.slice().sort((a, b) => b.time - a.time || (stepOf(b.prefix) || 0) - (stepOf(a.prefix) || 0));
    fill(content, el('div', {class: 'cards'}, list.map(checkpointCard)));
  }
  function checkpointCard(c) {
    const step = stepOf(c.prefix), files = [], variables = [];
    let all = 0, values = 0;
    for (let i = 0; i < c.files.length; i += 2) { files.push([c.files[i], formatBytes(c.files[i + 1])]); all += c.files[i + 1]; }
    for (let i = 0; c.variables && i < c.variables.length; i += 3) { variables.push([shorten(c.variables[i], 120), c.variables[i + 1], formatBytes(c.variables[i + 2])]); values += c.variables[i + 2]; }
    return el('article', {class: 'card', 'aria-label': c.prefix},
      el('div', {class: 'card-head'}, el('h3', {title: c.prefix}, step !== null ? 'Step ' + step : shorten(c.prefix, 40), c.newest ? el('span', {class: 'badge good'}, 'newest') : null), el('span', {class: 'last'}, formatBytes(all))),
      el('p', {class: 'quiet small'}, shorten(c.prefix, 120)), el('p', {class: 'quiet small'}, formatDate(c.time)),
      c.trouble ? el('p', {class: 'small'}, el('span', {class: 'badge bad'}, 'trouble'), ' ', c.trouble) : null,
      tableBehind(plural(files.length, 'file'), () => dataTable('Files of ' + c.prefix, ['File', 'Size#'], files)),
      c.variables ? tableBehind(`${plural(variables.length, 'tensor')}, ${formatBytes(values)}`, () => dataTable('Tensors in ' + c.prefix, ['Name', 'Type', 'Size#'], variables)) : null);
  }
