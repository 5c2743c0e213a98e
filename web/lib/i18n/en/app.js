/** What the pages for somebody who is signed in share, in English. */
export default {
  'app.skip': 'Skip to the content',
  'app.menu': 'Pages',
  'app.account': 'Account',
  'app.admin': 'Administration',
  'app.who': 'Signed in as',
  'app.loading': 'Loading',
  'app.working': 'Working on it',
  'app.wait': 'Try again in {wait}.',
  'app.offline': 'You are offline. What you see may be out of date, and nothing can be changed until you are back.',
  'app.copy': 'Copy address',
  'app.copied': 'Address copied',
  'app.selected': 'The address is selected. Copy it with your keyboard or menu.',
  'app.notForYou.title': 'This page is for administrators',
  'app.notForYou.lead': 'Your role does not reach that far. If you think that it should, ask whoever runs {host}.',
  'app.toAccount': 'Go to your account',
  'app.forbidden.title': 'You may not do this',
  'app.forbidden.lead': 'Your role does not allow it. If you think that it should, ask whoever runs {host}.',

  'form.wrong': 'The service does not take this. Change it and try again.',
  'dialog.type': 'Type {typed} to go on',
  'dialog.mistyped': 'That is not {typed}.',
  'list.more': 'Load more',
  'list.loaded': 'Loaded: {count}',

  'agent.both': '{program} on {system}',
  'agent.unknown': 'Unknown program',
};
