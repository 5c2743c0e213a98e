/** The words of the administration page, in English. */
export default {
  'admin.title': 'Administration',
  'admin.none': 'There is nothing here yet.',
};
