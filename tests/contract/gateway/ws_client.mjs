// The reference client of graphql-transport-ws against the URL given: prints what it saw as JSON.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const client = createClient({
  url: process.argv[2],
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  lazy: false,
  connectionParams: { 'x-lifecycle-user': 'node' },
});

function collect(payload, most = Infinity) {
  return new Promise((resolve) => {
    const results = [];
    const stop = client.subscribe(payload, {
      next: (result) => {
        results.push(result);
        if (results.length >= most) {
          stop();
        }
      },
      error: (error) => resolve({ results, error }),
      complete: () => resolve({ results, error: null }),
    });
  });
}

const events = 'subscription($after: String) { events(after: $after) { event { aggregateId } } }';
const [viewer, invalid, syntax, followed] = await Promise.all([
  collect({ query: '{ viewer { user } }' }),
  collect({ query: '{ nothing }' }),
  collect({ query: '{' }),
  collect({ query: events, variables: { after: process.argv[3] } }, 3),
]);
console.log(JSON.stringify({ viewer, invalid, syntax, followed }));
await client.dispose();
