export default [
  {
    // What tsc does not see; names, types and unused variables are its part.
    rules: {
      'array-callback-return': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      eqeqeq: 'error',
      'no-implicit-coercion': 'error',
      'no-eval': 'error',
      'no-console': 'error',
      'prefer-const': 'error',
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({ property, message: 'Text stays text: use lib/dom.js.' })),
      ],
    },
  },
  {
    files: ['web/**/*.js'],
    ignores: ['web/lib/api.js'],
    rules: { 'no-restricted-globals': ['error', { name: 'fetch', message: 'Only lib/api.js speaks HTTP.' }] },
  },
];
