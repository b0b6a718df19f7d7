  /* live.js - a board's page asks for what is new, and says when nobody answers any more. */
  function startLive() {
    if (!isLive) return;
    byId('live').hidden = false;
    let wait = 1000, was = '';
    function say(text, lost) {
      byId('live').classList.toggle('lost', lost);
      byId('live-text').textContent = text;
      if (text !== was && (lost || was)) announce(text);
      was = text;
    }
    async function ask() {
      try {
        const answer = await fetch('data?since=' + data.version, {cache: 'no-store'});
        if (!answer.ok) throw new Error(answer.status);
        const update = await answer.json();
        say('live', false);
        wait = 1000;
        if (update.version !== data.version) {
          const keys = merge(update);
          if (keys.includes('scalars') || keys.includes('runs')) announce(latest());
        }
        setTimeout(ask, document.hidden ? 2000 : 200);
      } catch (e) {
        say('the board does not answer; trying again', true);
        setTimeout(ask, wait);
        wait = Math.min(30000, wait * 1.6);
      }
    }
    say('live', false);
    ask();
  }
  let told = 0;
  /* Not more often than every ten seconds: who listens wants to read too. */
  function latest() {
    if (Date.now() - told < 10000) return byId('announce').textContent;
    told = Date.now();
    const run = data.runs.reduce((a, b) => (a && a.updated > b.updated ? a : b), null);
    return run ? `${run.name === '.' ? 'the run' : run.name} is at step ${run.step}` : '';
  }
