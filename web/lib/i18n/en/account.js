/** The words of the account page, in English. */
export default {
  'account.title': 'Your account',
};
