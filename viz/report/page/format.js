  /* format.js - numbers, times and names as text. */
  function formatNumber(v) {
    if (v === null || v === undefined || !isFinite(v)) return 'not a number';
    const a = Math.abs(v);
    if (a !== 0 && (a < 1e-4 || a >= 1e7)) return v.toExponential(3);
    return String(+v.toPrecision(a >= 1000 ? 7 : 5));
  }
  function formatBytes(v) {
    if (!(v >= 0)) return 'unknown';
    const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let i = 0;
    for (; v >= 1024 && i < 4; i++) v /= 1024;
    return (i === 0 ? v : +v.toPrecision(3)) + ' ' + unit[i];
  }
  function formatMicros(v) {
    if (!(v >= 0)) return '';
    return v < 1000 ? +v.toPrecision(3) + ' µs' : v < 1e6 ? +(v / 1000).toPrecision(3) + ' ms' : +(v / 1e6).toPrecision(3) + ' s';
  }
  function formatSeconds(v) {
    if (v < 0) return '-' + formatSeconds(-v);
    if (v < 100) return +v.toPrecision(3) + ' s';
    const m = Math.floor(v / 60), h = Math.floor(m / 60);
    return h > 0 ? h + ' h ' + m % 60 + ' min' : m + ' min ' + Math.round(v % 60) + ' s';
  }
  function formatDate(seconds) {
    const d = new Date(seconds * 1000);
    return seconds > 0 && isFinite(d.getTime()) ? d.toLocaleString() : 'unknown';
  }
  /* Long names keep their beginning and their end, which tell them apart. */
  function shorten(text, most) {
    if (text.length <= most) return text;
    const tail = Math.floor((most - 1) / 3);
    return text.slice(0, most - 1 - tail) + '…' + text.slice(text.length - tail);
  }
  function plural(n, one, many) { return n + ' ' + (n === 1 ? one : many || one + 's'); }
