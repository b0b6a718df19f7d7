  /* main.js - the page is put together. */
  function lastPart(path) { const parts = path.split('/').filter(Boolean); return parts[parts.length - 1] || path; }
  function drawNotes() {
    byId('notes').hidden = !data.notes.length;
    fill(byId('notes'), data.notes.map((n) => el('p', {}, n)));
  }
  function drawHead() {
    byId('title').textContent = shorten(lastPart(data.folder), 80);
    document.title = shorten(lastPart(data.folder), 80) + ' · Runnel';
    const times = data.runs.map((r) => r.updated).filter((t) => t > 0);
    byId('subtitle').textContent = [shorten(data.folder, 120), plural(data.runs.length, 'run'), times.length ? 'last written ' + formatDate(d3.max(times)) : null].filter(Boolean).join(' · ');
  }
  function start() {
    addPanel('scalars', 'Scalars', ['scalars', 'shown', 'runs'], () => new Set(data.scalars.map((s) => s.tag)).size, drawScalars);
    addPanel('histograms', 'Histograms', ['histograms', 'shown', 'theme'], () => data.histograms.length, drawHistograms);
    addPanel('images', 'Images', ['images', 'shown'], () => data.images.length, drawImages);
    addPanel('graph', 'Graph', ['graphs'], () => (data.graphs.length ? d3.max(data.graphs, (g) => g.graph.nodes.length) : 0), drawGraphs);
    addPanel('timeline', 'Timeline', ['timelines'], () => timelineSteps().length, drawTimelines);
    addPanel('checkpoints', 'Checkpoints', ['checkpoints'], () => data.checkpoints.length, drawCheckpoints);
    addPanel('machine', 'Devices and plugins', ['machine', 'timelines'], () => data.machine.devices.length, drawMachine);
    onChange(['timelines'], () => { if (sheet && sheet.content.isConnected) redraw(); });
    onChange(['notes'], drawNotes);
    onChange(['runs'], drawHead);
    startTheme();
    startRuns();
    drawNotes();
    drawHead();
    byId('made').textContent = `Made ${formatDate(data.now)} by Runnel ${data.machine.version}. Charts by D3, graph layout by dagre.`;
    startTabs();
    startLive();
    document.body.dataset.ready = 'yes';
  }
  start();
})();
