package main

import (
	"encoding/json"
	"net/http"
	"strconv"
)

var faultUserID = &fault{http.StatusBadRequest, "Invalid user_id"}

// readLogin returns the user_id in the request's body, such as {"user_id":1}.
func readLogin(w http.ResponseWriter, r *http.Request) (int64, *fault) {
	members, fault := readObject(w, r)
	if fault != nil {
		return 0, fault
	}
	number, _ := members["user_id"].(json.Number)
	userID, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || userID < 1 {
		return 0, faultUserID
	}
	return userID, nil
}
