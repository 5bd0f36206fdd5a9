import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './base.css';
import { App } from './App.js';
import { keepPageOnDrop } from './dropping.js';
import { keepPage } from './keepPage.js';
import { apply, storedTheme } from './theme.js';

apply(storedTheme());
keepPageOnDrop();
keepPage();
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
