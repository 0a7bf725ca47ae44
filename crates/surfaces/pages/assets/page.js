// The page's behaviour: draws the charts in the page's colours, sorts and searches the table of customers,
// copies tables and saves pictures. Everything readable is readable without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const toDark = JSON.parse(document.getElementById("dark-palette").textContent);
  const charts = [...document.querySelectorAll("[data-chart]")];
  const theme = document.getElementById("theme");

  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

  // The same specification with every light colour replaced by its dark partner.
  const recoloured = (value) => {
    if (typeof value === "string") return toDark[value] ?? value;
    if (Array.isArray(value)) return value.map(recoloured);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, recoloured(v)]));
    }
    return value;
  };

  // The text in lines of at most thirty characters or so.
  const wrapped = (text) =>
    text.split(" ").reduce((lines, word) => {
      const last = lines.length - 1;
      if (last < 0 || (lines[last] + " " + word).length > 30) lines.push(word);
      else lines[last] += " " + word;
      return lines;
    }, []).join("<br>");

  // On a phone: slimmer margins, axis titles in short lines, and what the figure itself asks for.
  const narrow = (layout) => {
    layout.margin = { ...layout.margin, l: 40, r: Math.min(layout.margin.r, 40) };
    for (const axis of [layout.xaxis, layout.yaxis]) {
      axis.title.text = wrapped(axis.title.text);
      Object.assign(axis.title.font, { size: 12 });
    }
    Object.assign(layout.xaxis, layout.meta?.narrow_x);
  };

  const draw = (inDark) => {
    if (!window.Plotly) return;
    for (const chart of charts) {
      let spec = JSON.parse(document.getElementById("spec-" + chart.dataset.chart).textContent);
      if (inDark) spec = recoloured(spec);
      if (chart.clientWidth < 520) narrow(spec.layout);
      Plotly.react(chart, spec.data, spec.layout, { responsive: true, displayModeBar: false });
    }
  };

  const retitle = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    retitle();
    draw(isDark());
  });
  dark.addEventListener("change", () => { retitle(); draw(isDark()); });
  addEventListener("beforeprint", () => draw(false));
  addEventListener("afterprint", () => draw(isDark()));
  retitle();
  draw(isDark());

  // A spreadsheet would run a text that begins like a formula: it gets an apostrophe in front.
  const csvCell = (cell) => {
    const raw = cell.dataset.v;
    let text = raw ?? (cell.dataset.text ?? cell.textContent).trim();
    if (raw === undefined && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const csv = (table) =>
    [...table.rows].map((row) => [...row.cells].map(csvCell).join(",")).join("\r\n") + "\r\n";

  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  for (const button of document.querySelectorAll("[data-csv]")) {
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const done = await copied(csv(document.getElementById(button.dataset.csv)));
      button.textContent = done ? "Copied" : "Could not copy";
      setTimeout(() => { button.textContent = label; }, 1600);
    });
  }
  for (const button of document.querySelectorAll("[data-png]")) {
    button.addEventListener("click", () => {
      const chart = charts.find((one) => one.dataset.chart === button.dataset.png);
      Plotly.downloadImage(chart, { format: "png", scale: 2, filename: button.dataset.png });
    });
  }

  // Sorting: the heading's text becomes a button; blank cells go last either way.
  for (const table of document.querySelectorAll(".customers table")) {
    const body = table.tBodies[0];
    const status = document.getElementById(table.id + "-status");
    const key = (row, i) => row.cells[i].dataset.v ?? row.cells[i].textContent.trim();
    [...table.tHead.rows[0].cells].forEach((heading, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const first = heading.classList.contains("n") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const direction = heading.getAttribute("aria-sort") === first ? other : first;
        for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", direction);
        const sign = direction === "ascending" ? 1 : -1;
        const numeric = heading.classList.contains("n");
        const rows = [...body.rows].map((row) => [key(row, i), row]);
        rows.sort(([a], [b]) => {
          if (a === "" || b === "") return (a === "") - (b === "");
          return sign * (numeric ? a - b : a.localeCompare(b, undefined, { numeric: true }));
        });
        body.append(...rows.map(([, row]) => row));
        status.textContent = "sorted by " + button.textContent.trim() + ", " + direction;
      });
    });
  }
  for (const box of document.querySelectorAll("[data-search]")) {
    const table = document.getElementById(box.dataset.search);
    const status = document.getElementById(table.id + "-status");
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      status.textContent = shown + " of " + table.tBodies[0].rows.length + " customers shown";
    });
  }
})();
