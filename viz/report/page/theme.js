  /* theme.js - light or dark, as the system has it or as was chosen. The choice is kept where the browser lets a page. */
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  function keep(key, value) { try { localStorage.setItem('runnel.' + key, value); } catch (e) { /* not allowed: no harm */ } }
  function kept(key) { try { return localStorage.getItem('runnel.' + key); } catch (e) { return null; } }
  function applyTheme() {
    const wanted = byId('theme').value;
    const dark = wanted === 'dark' || (wanted === 'auto' && prefersDark.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    changed(['theme']);
  }
  function startTheme() {
    const before = kept('theme');
    if (before === 'light' || before === 'dark') byId('theme').value = before;
    byId('theme').addEventListener('change', () => { keep('theme', byId('theme').value); applyTheme(); });
    prefersDark.addEventListener('change', applyTheme);
    addEventListener('beforeprint', () => { document.documentElement.dataset.theme = 'light'; });
    addEventListener('afterprint', applyTheme);
    applyTheme();
  }
