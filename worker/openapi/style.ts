// How the reference page looks: one column that fits a phone, in the colours the reader's device
// prefers. It is part of the page, so that nothing else has to be fetched.

export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5b6570; --line: #d9dee3; --back: #fff; --code: #f3f5f7; --mark: #0b62c4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa5b1; --line: #343a41; --back: #14171a; --code: #1e2328; --mark: #74b3ff; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 52rem; padding: 1rem; background: var(--back); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; margin: .5rem 0; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
h3 { font-size: 1.05rem; margin: 2rem 0 .25rem; }
h4 { font-size: .85rem; margin: 1rem 0 .25rem; color: var(--soft); }
a { color: var(--mark); }
code, pre { font: .875rem/1.5 ui-monospace, monospace; background: var(--code); border-radius: .25rem; }
code { padding: .1em .3em; }
pre { padding: .75rem; overflow-x: auto; margin: .5rem 0; }
pre code { padding: 0; background: none; }
nav ul { list-style: none; padding: 0; margin: 0 0 1rem; }
nav li { padding: .15rem 0; }
.method { display: inline-block; min-width: 4.2rem; font: 600 .8rem ui-monospace, monospace; color: var(--mark); }
.path { font: .95rem ui-monospace, monospace; }
.soft { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: .8rem; }
td:first-child { white-space: nowrap; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--soft); }
`;
