import { defineConfig } from 'vite';

// GraphiQL brings two typefaces inside its style sheet, half a megabyte of them. The reader's own do as well.
const ownTypefaces = {
  name: 'own-typefaces',
  enforce: 'pre',
  transform(code, id) {
    if (id.endsWith('/graphiql/dist/style.css')) return code.replace(/@font-face\s*\{[^}]*\}/g, '');
  },
};

export default defineConfig({
  plugins: [ownTypefaces],
  // The hub serves the page at /graphiql and its files below.
  base: '/graphiql/',
  build: {
    // GraphiQL is one page with one large script; splitting it would only add requests.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      onwarn(warning, report) {
        // "use client" is for server-side rendering, which there is none of.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') report(warning);
      },
    },
  },
});
