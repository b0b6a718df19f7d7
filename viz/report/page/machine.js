  /* machine.js - devices and plugins: those that ran, those that are there. */
  function drawMachine(content) {
    const m = data.machine, ran = new Map();
    for (const t of data.timelines) for (const step of t.items) for (const s of step.spans) if (s.device) {
      const d = ran.get(s.device) || {time: 0, count: 0, plugins: new Set()};
      if (s.own > 0) { d.time += s.own; d.count++; }
      if (s.plugin) d.plugins.add(s.plugin);
      ran.set(s.device, d);
    }
    fill(content,
      ran.size ? el('section', {class: 'card', 'aria-label': 'Devices that ran'}, el('h3', {}, 'What the runs ran on'), dataTable('Devices that ran', ['Device', 'Kernels#', 'Time#', 'Plugins of the kernels'],
        [...ran].map(([name, d]) => [name.replace(/^\/device:/, ''), String(d.count), formatMicros(d.time), [...d.plugins].join(', ')]))) : null,
      el('div', {class: ran.size ? 'two' : 'two first'},
        el('section', {class: 'card', 'aria-label': 'Devices here'}, el('h3', {}, 'Devices where this page was made'), m.trouble ? el('p', {class: 'small'}, m.trouble) : null,
          dataTable('Devices here', ['Device', 'Name', 'Driver', 'Memory#'], m.devices.map((d) => [d.device.replace(/^\/device:/, ''), d.name, d.driver, formatBytes(d.memory)]))),
        el('section', {class: 'card', 'aria-label': 'Plugins here'}, el('h3', {}, 'Plugins there'), dataTable('Plugins here', ['Plugin', 'Version', 'What', 'Ops#', 'Kernels#'],
          m.plugins.map((p) => [el('span', {}, p.id, ['loaded', 'scanned'].includes(p.state) ? null : el('span', {class: 'badge bad'}, p.state)), p.version, p.reason || p.doc, String(p.ops), String(p.kernels)])))));
  }
