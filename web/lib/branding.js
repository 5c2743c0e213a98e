/** The name and the logo of whoever runs this service, in the header of a page. The colours come by `/branding.css`. */

import { readBrand } from './api.js';
import { byId } from './dom.js';
import { nameSite } from './page.js';

const HEIGHT = 28;
const MAX_WIDTH = 196;

/** Put them into the header, `.brand` with an image and `#brand`. What is not there stays as the page has it. */
export async function showBrand() {
  try {
    const { name, accent, logo } = await readBrand();
    if (name) {
      byId('brand').textContent = name;
      nameSite(name);
    }
    if (accent) colourFrame();
    if (logo) await showLogo();
  } catch {
    // The page works without.
  }
  // Where the name here is another, the service's style sheet has hidden this one until now.
  byId('brand').parentElement?.classList.add('shown');
}

/** Give the browser's frame the colour of the style sheet, for light and for dark. */
function colourFrame() {
  const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent');
  const colours = accent.match(/#[0-9a-f]{6}\b/gi) ?? [];
  document.querySelectorAll('meta[name=theme-color]').forEach((meta, index) => meta.setAttribute('content', colours[index] ?? accent));
}

async function showLogo() {
  const image = new Image();
  image.src = '/branding/logo';
  image.alt = '';
  // In place of the page's own only when it can be shown, and in its own proportions.
  await image.decode();
  const ratio = image.naturalWidth / image.naturalHeight || 1;
  image.height = Math.min(HEIGHT, Math.round(MAX_WIDTH / ratio));
  image.width = Math.round(image.height * ratio);
  byId('brand').parentElement?.querySelector('img')?.replaceWith(image);
}
