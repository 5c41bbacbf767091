// Search and sort of the list of pairs. The page is whole without it.
(function () {
  var table = document.getElementById("ranked");
  if (!table) return;
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);
  var box = document.getElementById("search");
  var said = document.getElementById("found");
  document.getElementById("tools").hidden = false;

  function search() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    var left = 0;
    rows.forEach(function (row) {
      var name = row.dataset.search;
      row.hidden = !words.every(function (word) { return name.indexOf(word) >= 0; });
      if (!row.hidden) left += 1;
    });
    said.textContent = left + " of " + rows.length + " pairs";
  }

  function key(row, column) {
    var cell = row.cells[column];
    if (!("sort" in cell.dataset)) return cell.textContent.trim().toLowerCase();
    return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
  }

  function sort(head, column) {
    var down = head.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    var sign = down ? -1 : 1;
    var keyed = rows.map(function (row, place) { return { row: row, place: place, key: key(row, column) }; });
    keyed.sort(function (a, b) {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
      return sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) || a.place - b.place;
    });
    keyed.forEach(function (item) { body.appendChild(item.row); });
  }

  table.querySelectorAll("thead tr:last-child th").forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    if (head.dataset.name) button.setAttribute("aria-label", head.dataset.name);
    button.addEventListener("click", function () { sort(head, column); });
    head.textContent = "";
    head.appendChild(button);
  });
  box.addEventListener("input", search);
  search();
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
})();
