// Starts GraphiQL on this gateway: queries by fetch, subscriptions by graphql-transport-ws.
const url = new URL('/graphql', window.location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

const example = `# The models, their champions, and what is watched of them.
{
  models(first: 10) {
    nodes {
      name
      aliases {
        name
        version
      }
      latestVersion {
        version
        metrics {
          key
          value
        }
        monitored {
          rows
          lastPredictionAt
        }
      }
    }
  }
}
`;

// An `authorization` written into the headers pane also introduces the WebSocket.
let headers = {};
const fetchWith = GraphiQL.createFetcher({
  url: url.href,
  wsClient: graphqlWs.createClient({
    url: socketUrl.href,
    connectionParams: () => headers,
  }),
});

function fetcher(params, options) {
  headers = options?.headers ?? {};
  return fetchWith(params, options);
}

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: example, defaultEditorToolsVisibility: true }),
);
