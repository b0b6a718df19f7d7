  /* images.js - pictures that runs wrote, with a slider over the steps that are kept. */
  const imageAt = new Map(); /* run and tag: the step looked at; the newest when it is not there */
  function drawImages(content) {
    if (!data.images.length) return fill(content, nothingYet('pictures', 'runnel/c/summary.h: rn_summary_image'));
    const shown = data.images.filter((i) => isShown(i.run) && i.items.length);
    fill(content, el('div', {class: 'cards'}, shown.slice(0, 120).map(imageCard)),
      shown.length > 120 ? el('p', {class: 'quiet'}, `The first 120 of ${shown.length}.`) : null);
  }
  function imageCard(album) {
    const key = album.run + ' ' + album.tag, newest = album.items.length - 1;
    const found = album.items.findIndex((i) => i.step === imageAt.get(key));
    const image = el('img', {class: 'image'}), out = el('output', {class: 'small quiet'});
    const slider = el('input', {type: 'range', min: '0', max: String(newest), value: String(found < 0 ? newest : found), 'aria-label': 'Step of ' + shorten(album.tag, 80),
      oninput: () => { imageAt.set(key, album.items[+slider.value].step); if (+slider.value === newest) imageAt.delete(key); show(); }});
    function show() {
      const item = album.items[+slider.value];
      if (/^data:image\/png;base64,[A-Za-z0-9+/=]*$/.test(item.src)) image.src = item.src;
      image.alt = `${shorten(album.tag, 100)}, run ${shorten(runName(album.run), 60)}, step ${item.step}`;
      image.style.width = item.width > 0 && item.width < 300 ? Math.max(1, Math.floor(220 / item.width)) * item.width + 'px' : '';
      out.textContent = 'step ' + formatNumber(item.step);
      slider.setAttribute('aria-valuetext', out.textContent);
    }
    show();
    return el('article', {class: 'card', 'aria-label': shorten(album.tag, 200)},
      el('div', {class: 'card-head'}, el('h3', {title: album.tag}, shorten(album.tag, 50)), el('span', {class: 'last'}, shorten(runName(album.run), 24))),
      image, el('div', {class: 'steps'}, slider, out),
      album.seen > album.items.length ? el('p', {class: 'quiet small'}, `The last ${album.items.length} of ${album.seen}.`) : null);
  }
