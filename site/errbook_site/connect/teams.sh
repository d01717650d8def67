body='{"type":"message","text":"<at>errbook</at> 1040"}'
key=$(printf %s "$ERRBOOK_TEAMS_TOKEN" | base64 -d | od -An -v -tx1 | tr -d ' \n')
signed=$(printf %s "$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
curl -sS -H "Authorization: HMAC $signed" -H "Content-Type: application/json" \
  --data "$body" "$ERRBOOK/chat/teams"
