// Tell when a page of the console stands: drawn to its end, nothing of the former left.
window.settled = async (path, title, begun, most) => {
  const all = (what) => [...document.querySelectorAll(what)]
  const stands = () => location.pathname === path &&
    document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning' &&
    all('h1').some((one) => one.innerText.trim() === title) &&
    !all('[data-stale=true], [data-testid=stSkeleton], [data-testid=stAppSkeleton],' +
      ' [data-testid=stSpinner], [data-testid=stStatusWidget]').length &&
    all('[data-testid=stDataFrame]').every((one) => one.querySelector('canvas'))
  const painted = () => new Promise((resolve) => requestAnimationFrame(resolve))
  let calm = 0
  while (calm < 2 && performance.now() - begun < most) {
    await painted()
    calm = stands() ? calm + 1 : 0
  }
  return {
    seconds: (performance.now() - begun) / 1000, stands: calm >= 2,
    tables: all('[data-testid=stDataFrame]').length,
    errors: all('[data-testid=stException], [data-testid=stAlertContentError]')
      .map((one) => one.innerText)
  }
}
window.follow = (name, most) => {
  const path = `/${name}`
  const link = [...document.querySelectorAll('[data-testid=stSidebarNavLink]')]
    .find((one) => new URL(one.href).pathname === path)
  const begun = performance.now()
  link.click()
  return window.settled(path, link.innerText.trim(), begun, most)
}
