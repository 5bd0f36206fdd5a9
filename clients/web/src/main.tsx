import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@chatoxide/react/styles.css';
import './styles.css';
import { App } from './App.js';
import { apply, storedTheme } from './theme.js';

apply(storedTheme());
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
