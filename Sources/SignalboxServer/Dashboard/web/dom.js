// The two things that all views do with the page. Content goes in as text, never as markup.

export function part(name, className) {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
