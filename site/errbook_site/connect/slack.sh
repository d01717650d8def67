body='command=%2Ferrbook&text=1040'
stamp=$(date +%s)
signed=$(printf 'v0:%s:%s' "$stamp" "$body" | openssl dgst -sha256 -hmac "$ERRBOOK_SLACK_SIGNING_SECRET" -r)
curl -sS -H "X-Slack-Request-Timestamp: $stamp" -H "X-Slack-Signature: v0=${signed%% *}" \
  --data "$body" "$ERRBOOK/chat/slack"
