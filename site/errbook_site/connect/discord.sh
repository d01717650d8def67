curl -sS -X PUT "https://discord.com/api/v10/applications/$APPLICATION_ID/commands" \
  -H "Authorization: Bot $BOT_TOKEN" -H "Content-Type: application/json" \
  --data @errbook-commands.json
